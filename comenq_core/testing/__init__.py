"""Tools for the tests of plugins, and of comenq itself: install ``comenq[testing]``.

``clock``
    a clock that stands still until a test advances it
``contract``
    the contracts of intakes, stores and posters, as classes of tests
``forge``
    a stand-in for GitHub on loopback
``memory_store``
    the simplest store that keeps the contract
``strategies``
    hypothesis strategies for comenq's records
"""
