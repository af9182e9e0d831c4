"""alerting: tells the operator of alerts, once each time that it matters, through every channel that is configured.

In: messages that wait in the outbox, the rules of telling, channels that send.
Out: what was sent, held back or refused, noted with each message; alerts that have grown old become critical.
"""
