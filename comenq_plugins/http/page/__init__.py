"""The page: what a person sees of the queue with a browser, and may change.

It works with plain forms; its script only keeps it up to date. What is shown is made by pure
functions from the JSON of the socket's protocol.
"""
