"""Rules about what keys do: ciphertexts, data keys, signatures, MACs, random passwords."""
