"""An agent: a process on loopback that answers GetSecretValue from a cache, as KMS Agent does.

It asks any target over RAM, and is what applications can be developed against. Its deviations are
agents that are wrong, or right in another way, for the rules that certify agents.
"""
