"""Derivations that nobody wrote down: worked out by rule, continued from a learner's own lines, drawn for practice.

arrays (whole arrays for what a text defines), algebra (written shorter) -> rules (of differentials, and what moves
around them), entries (the same index by index) -> proofs, working (every line judged) -> next_line, practising
"""
