"""Judges simulated conversations: does what was said fit what was said before?

judge.py holds what all protocols share, one file per protocol (or family) its rules, services.py
names them. The command `check` reads transcripts of `mynah eval --transcripts`.
"""
