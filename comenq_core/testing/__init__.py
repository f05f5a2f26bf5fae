"""For the tests of plugins, and of comenq itself: install ``comenq[testing]``.

``clock``
    a clock that goes only when it is told to
``contract``
    what intakes, stores and posters have to keep, as tests to subclass
``forge``
    a GitHub stand-in that serves on loopback
``memory``
    the simplest store that keeps the contract
``strategies``
    hypothesis strategies for comenq's records
"""
