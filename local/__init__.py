"""The one-machine stack: real parts where there are any, and a venue that disagrees with us on purpose."""
