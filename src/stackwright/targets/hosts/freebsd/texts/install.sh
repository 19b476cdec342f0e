#!/bin/sh
#
# Makes this host what the folder says, and changes nothing that is so already: run it again after whatever went wrong.
# It needs root, and FreeBSD's own tools only. What it does it says, a line each.

set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
SHELL=/bin/sh
# pkg(7) asks nobody whether it may install itself.
ASSUME_ALWAYS_YES=yes
export SHELL ASSUME_ALWAYS_YES
marks=/var/db/stackwright
changes=0
work=

finish()
{
	[ -z "$work" ] || rm -rf "$work"
}

die()
{
	echo "error: $1" >&2
	[ -z "${2:-}" ] || echo "  fix: $2" >&2
	exit 4
}

change()
{
	changes=$((changes + 1))
	echo "$*"
}

# FILE: its text, with the secrets in the place of their marks.
expand()
{
	awk -v folder="$here/secrets" '
	{
		rest = $0
		text = ""
		while (match(rest, /@secret[{][a-z0-9-]+[}]/)) {
			name = substr(rest, RSTART + 8, RLENGTH - 9)
			file = folder "/" name
			if ((getline value < file) <= 0) {
				print "error: there is no secret " name > "/dev/stderr"
				exit 1
			}
			close(file)
			text = text substr(rest, 1, RSTART - 1) value
			rest = substr(rest, RSTART + RLENGTH)
		}
		print text rest
	}' "$1"
}

[ "$(id -u)" -eq 0 ] || die "this needs root" "su -m root -c '$0'"
[ "$(uname -s)" = FreeBSD ] || die "this is for FreeBSD, and here is $(uname -s)"
[ -d "$here/secrets" ] || die "there is no folder secrets/ beside this" "copy the whole folder to the host"
trap finish EXIT
trap 'exit 130' HUP INT TERM
work=$(mktemp -d /var/tmp/stackwright.XXXXXX)
# Users pass it to the one file that is theirs.
chmod 711 "$work"
install -d -m 0711 "$work/run"
install -d -m 0700 "$marks"
# shellcheck source=/dev/null
for part in "$here"/about.sh "$here"/install.d/*.sh; do
	. "$part"
done

packages
settings
modules
kernel_values
mounts
base_services
users
folders
# shellcheck source=/dev/null
. "$here/environments.sh"
files
# shellcheck source=/dev/null
. "$here/steps.sh"

if [ "$changes" -eq 0 ]; then
	echo "Nothing to do: the host is as it is to be."
else
	echo "Done: $changes changes."
fi
