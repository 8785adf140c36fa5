"""What crosses the network: signing, verification, parameter encoding and answer envelopes.

Both the client side and the reference endpoint build on this layer; it knows no target, no rule and
no server. Everything in it is checked against vectors made by the official SDKs.
"""
