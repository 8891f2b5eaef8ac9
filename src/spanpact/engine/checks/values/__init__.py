"""Values of attributes: `matching` judges one, `alike_values` groups equal ones, `exact_sums` adds numbers.

`shown` writes values and durations for reports. May import: `outcomes`.
"""
