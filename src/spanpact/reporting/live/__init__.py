"""What `spanpact listen` shows: events as plain lines (`event_lines`), and the whole screen of a terminal (`frame`)."""
