"""Derivations that nobody wrote down: worked out by rule, continued from a learner's own lines, drawn for practice.

algebra (written shorter) -> networks (products of labelled arrays) -> arrays (typed trees and differentials read as
networks), entries (networks index by index) and rules (of differentials) -> proofs, working (every line judged)
-> about (what a text derives), next_line, practising
"""
