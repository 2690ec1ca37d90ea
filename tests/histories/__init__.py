"""Histories of exports: run again and again, stopped, handed to an engine and back, on servers that cut lists off."""
