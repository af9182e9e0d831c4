"""How good a strategy is, in figures that a person can check: returns, ended trades, calibration, and intervals. Pure.

In: daily equity with what was paid in and out, ended trades, probabilities with their outcomes.
Out: figures as exact decimals; None where there is too little to say one.
"""
