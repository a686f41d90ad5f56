"""What the words mean: frozen values and the rules of the MCS API (KEP-1645).

Here live ServiceKey, Export, the merge of Exports, names, conditions, freshness and the brake. No I/O, no logging, no
clock, no SDK. Everything but `errors` may import it.
"""
