"""The audit: which JSON Lines files a tree holds, and which of its code writes and reads them."""

from __future__ import annotations
