"""The record of conversations: sessions, messages, turns and the events that a stream replays."""
