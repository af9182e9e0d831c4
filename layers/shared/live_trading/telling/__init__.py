"""The channels beside SNS through which the operator is told: Telegram, and a webhook with a signature.

In: a message as it is to be read, secrets by name.
Out: nothing where it was taken, else one of our errors, whose text never holds a secret or a secret's URL.
"""
