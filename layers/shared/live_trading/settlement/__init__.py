"""From a resolved market to cash, as pure functions: states, what must hold before a call, what proves a payment."""
