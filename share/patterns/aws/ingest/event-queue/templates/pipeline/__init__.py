"""Uploads that become work items."""
