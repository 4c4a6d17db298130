"""Label errors: AUROC of one in ten changed labels of the digits, by three kinds of noise, beside cleanlab if it is there.

Cleanlab ranks the same out-of-sample probabilities by its own normalised margin and self-confidence.
"""
