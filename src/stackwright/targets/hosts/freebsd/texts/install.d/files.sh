# shellcheck shell=sh disable=SC2154 # what is not set here is set in install.sh and about.sh
# Folders, files and Python environments.

# PATH: mode, owner and group, as the lists have them.
standing()
{
	stat -f '%04Lp %Su %Sg' "$1"
}

folders()
{
	while read -r mode owner group path; do
		[ -d "$path" ] && [ "$(standing "$path")" = "$mode $owner $group" ] && continue
		change "make the folder $path"
		(umask 022 && mkdir -p "$(dirname "$path")")
		install -d -m "$mode" -o "$owner" -g "$group" "$path"
	done <"$here/directories.txt"
}

files()
{
	while read -r mode owner group path; do
		expand "$here/root$path" >"$work/file"
		if [ -f "$path" ] && cmp -s "$work/file" "$path" && [ "$(standing "$path")" = "$mode $owner $group" ]; then
			continue
		fi
		change "write $path"
		(umask 022 && mkdir -p "$(dirname "$path")")
		install -m "$mode" -o "$owner" -g "$group" "$work/file" "$path.new"
		mv -f "$path.new" "$path"
	done <"$here/files.txt"
}

# FOLDER NAME EXTRA: in a shell of its own, each command for itself: behind `||` nobody looks at `set -e`.
make_environment()
{
	umask 022
	mkdir -p "$(dirname "$1")" || exit
	"$python" -m venv "$1" || exit
	cd "$here" || exit
	"$1/bin/pip" install --quiet --no-deps --require-hashes -r "environments/$2.txt" || exit
	for one in $3; do
		"$1/bin/pip" install --quiet --no-deps "$one" || exit
	done
	"$1/bin/pip" check || exit
	: >"$1/.complete"
}

# NAME PATH [DISTRIBUTION=PACKAGE ...]: PATH leads to the environment of just these requirements; one that was made
# before stays beside it.
environment()
{
	name=$1
	path=$2
	shift 2
	extra=
	for one; do
		version=$(pkg query %v "${one#*=}")
		extra="$extra ${one%%=*}==${version%%[_,]*}"
	done
	key=$({ cat "$here/environments/$name.txt"; echo "$extra"; "$python" --version; } | sha256 -q | cut -c 1-12)
	made=$path-$key
	if [ ! -e "$made/.complete" ]; then
		change "make the environment $made"
		rm -rf "$made"
		(make_environment "$made" "$name" "$extra") </dev/null ||
			die "the environment $name could not be made" "look above; then run this again"
	fi
	[ "$(readlink "$path" || :)" = "$made" ] && return
	change "use the environment $made"
	ln -sfn "$made" "$path"
}
