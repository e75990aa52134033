"""Passes changes that other processes make to the browsers that are connected to this one."""
