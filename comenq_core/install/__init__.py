"""Installs and uninstalls what is outside comenq's virtual environment.

scripts/install.sh creates the virtual environment and runs this package in it. An installation is
a list of steps (`plan`), and each step knows whether it is done already (`steps`). Where the files
go (`places`) depends on whether the installation is for a machine or for a user.
"""
