# shellcheck shell=sh disable=SC2154 # what is not set here is set in install.sh and about.sh
# Tasks and processes, and what shows that they are done.

# KIND ARGUMENT ...: it is so.
reached()
{
	case $1 in
	alive) return 0 ;;
	path) [ -e "$2" ] ;;
	socket) [ -S "$2" ] ;;
	port) nc -z 127.0.0.1 "$2" >/dev/null 2>&1 ;;
	record) [ "$(recorded "$2")" = "$3" ] ;;
	row)
		query=$(echo "$3" | sed "s/{started}/${started:-0}/g")
		[ -n "$(sql -e "$query" "$2" 2>/dev/null)" ]
		;;
	output)
		wanted=$2
		shift 2
		"$@" 2>/dev/null | grep -qF -- "$wanted"
		;;
	*) die "there is no $1" ;;
	esac
}

# SECONDS KIND ARGUMENT ...: it becomes so in this time.
becomes()
{
	left=$1
	shift
	until reached "$@"; do
		[ "$left" -gt 0 ] || return 1
		left=$((left - 1))
		sleep 1
	done
}

# NAME USER: the script of a task is run as this user; a task without one only waits.
run_task()
{
	file=$here/tasks/$(echo "$1" | tr / -).sh
	[ -f "$file" ] || return 0
	expand "$file" >"$work/task"
	install -m 0500 -o "$2" "$work/task" "$work/run/task"
	su -m "$2" -c "/bin/sh $work/run/task" </dev/null || die "$1 failed" "look above; then run this again"
	rm -f "$work/run/task"
}

# NAME USER SECONDS KIND ARGUMENT ...: the task is done.
task()
{
	name=$1
	user=$2
	seconds=$3
	shift 3
	reached "$@" && return
	change "do $name"
	run_task "$name" "$user"
	if [ "$1" = record ]; then
		record "$2" "$3"
	fi
	becomes "$seconds" "$@" || die "$name is done, and does not show: $*" "look into the logs; then run this again"
}

# SCRIPT SECONDS COUNT KIND ARGUMENT ... FILE ...: the process runs, from these files, and is of use; COUNT is how many
# words the kind and its arguments are.
start()
{
	script=$1
	seconds=$2
	count=$3
	shift 3
	mark=$marks/$script
	number=0
	digest=$(
		for file; do
			number=$((number + 1))
			[ "$number" -gt "$count" ] || continue
			if [ -h "$file" ]; then readlink "$file"; else cat "$file"; fi
		done | sha256 -q
	)
	if service "$script" status >/dev/null 2>&1; then
		[ "$(cat "$mark" 2>/dev/null)" != "$digest" ] || return 0
		change "restart $script: what it is made of is new"
		started=$(date +%s)
		service "$script" restart </dev/null
	else
		change "start $script"
		started=$(date +%s)
		service "$script" start </dev/null
	fi
	case $count in
	1) becomes "$seconds" "$1" ;;
	2) becomes "$seconds" "$1" "$2" ;;
	*) becomes "$seconds" "$1" "$2" "$3" ;;
	esac || die "$script runs, and is of no use after $seconds s" "look into its log below /var/log; then run this again"
	echo "$digest" >"$mark"
}
