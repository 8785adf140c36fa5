"""The client: sends signed requests to a target, records exchanges, provides resources."""
