# After with-rights.sh. The arguments are the command.
with_rights "$@"
