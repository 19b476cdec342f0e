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
root_options=/usr/local/etc/mysql/root.cnf
marks=/var/db/stackwright
changes=0
work=
# What about.sh says.
python=
client_path=
region=

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

# The system ---------------------------------------------------------------------------------------------------------

packages()
{
	missing=
	while read -r package; do
		pkg info -e "$package" </dev/null || missing="$missing $package"
	done <"$here/packages.txt"
	[ -n "$missing" ] || return 0
	change "install the packages$missing"
	# shellcheck disable=SC2086 # a word each
	pkg install $missing </dev/null
}

# FILE LINE: the line is in the file.
line_in()
{
	[ -f "$1" ] && grep -qxF "$2" "$1" && return
	change "add to $1: $2"
	echo "$2" >>"$1"
	chmod 644 "$1"
}

modules()
{
	while read -r module; do
		kldstat -q -m "$module" && continue
		change "load the kernel module $module"
		kldload -n "$module"
	done <"$here/system/modules"
}

# NAME=VALUE, or NAME+=WORD.
setting()
{
	name=${1%%=*}
	value=${1#*=}
	case $name in
	*+)
		case " $(sysrc -inq "${name%+}") " in
		*" $value "*) return ;;
		esac
		;;
	*)
		[ "$(sysrc -inq "$name")" != "$value" ] || return 0
		;;
	esac
	change "set in rc.conf: $1"
	sysrc "$1" >/dev/null
	case $name in
	cloned_interfaces+) ifconfig "$value" >/dev/null 2>&1 || service netif cloneup </dev/null ;;
	esac
}

settings()
{
	while read -r one; do
		setting "$one"
	done <"$here/system/rc.conf"
}

kernel_values()
{
	while IFS='=' read -r name value; do
		line_in /etc/sysctl.conf "$name=$value"
		[ "$(sysctl -n "$name")" != "$value" ] || continue
		change "set $name to $value"
		sysctl "$name=$value" >/dev/null
	done <"$here/system/sysctl.conf"
}

mounts()
{
	while read -r device place type rest; do
		mkdir -p "$place"
		if ! awk -v place="$place" '$2 == place { found = 1 } END { exit !found }' /etc/fstab; then
			line_in /etc/fstab "$device	$place	$type	$rest"
		fi
		if ! mount -p | awk -v place="$place" '$2 == place { found = 1 } END { exit !found }'; then
			change "mount $place"
			mount "$place"
		fi
	done <"$here/system/fstab"
}

base_services()
{
	while read -r name module; do
		kldstat -q -m "$module" && continue
		change "start $name"
		service "$name" start </dev/null
	done <"$here/system/services"
}

users()
{
	while read -r name home; do
		pw usershow -n "$name" >/dev/null 2>&1 && continue
		change "make the user $name"
		pw groupshow -n "$name" >/dev/null 2>&1 || pw groupadd -n "$name"
		pw useradd -n "$name" -g "$name" -d "$home" -s /usr/sbin/nologin -c "OpenStack's $name"
	done <"$here/users.txt"
}

# Files --------------------------------------------------------------------------------------------------------------

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

# Databases ----------------------------------------------------------------------------------------------------------

sql()
{
	mysql --defaults-file="$root_options" --batch --skip-column-names "$@"
}

# Root of the database has his password: the package lets him in without one.
database_root()
{
	sql -e 'select 1' >/dev/null 2>&1 && return
	change "give root of the database its password"
	expand "$here/databases/root.sql" >"$work/sql"
	mysql --no-defaults --user=root --socket=/tmp/mysql.sock <"$work/sql" ||
		die "the database lets root in neither with the password of secrets/ nor without one" \
			"set the password by hand, or put the one that it has into secrets/, and run this again"
}

# SERVICE DATABASE ...: the service can use its databases.
database()
{
	service=$1
	shift
	database_root
	expand "$here/databases/$service.cnf" >"$work/options"
	for name; do
		mysql --defaults-file="$work/options" -e 'select 1' "$name" >/dev/null 2>&1 || break
		name=
	done
	[ -n "$name" ] || return 0
	change "make the databases of $service: $*"
	expand "$here/databases/$service.sql" >"$work/sql"
	sql <"$work/sql"
}

# NAME: what was recorded under a name.
recorded()
{
	sql -e "select value from record where name = '$1'" stackwright 2>/dev/null
}

record()
{
	sql -e "create database if not exists stackwright"
	sql -e "create table if not exists record (name varchar(255) primary key, value text not null)" stackwright
	sql -e "replace into record values ('$1', '$2')" stackwright
}

# Tasks and processes ------------------------------------------------------------------------------------------------

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

# Identity -----------------------------------------------------------------------------------------------------------

# USER WORD ...: the client, as this user; passwords come by files and by standard input, never as words.
client()
{
	cloud=$1
	shift
	OS_CLIENT_CONFIG_FILE=$work/clouds.yaml "$client_path/bin/openstack" --os-cloud "$cloud" "$@"
}

# NAME USER: the administrator is let in with the password of secrets/; if not, the task that has made him sets it.
administrator()
{
	expand "$here/identity/clouds.yaml" >"$work/clouds.yaml"
	client admin token issue >/dev/null 2>&1 && return
	change "set the administrator's password"
	run_task "$1" "$2"
	client admin token issue >/dev/null || die "the administrator is not let in" "look above; then run this again"
}

# TYPE NAME USER URL TITLE: the service is known, with its user and its endpoints.
identity()
{
	type=$1
	name=$2
	user=$3
	url=$4
	title=$5
	if [ "$user" != - ] && ! client "$user" token issue >/dev/null 2>&1; then
		change "make the user $user known"
		identity_user </dev/null
	fi
	known=$(client admin endpoint list --service "$type" -f value -c Interface -c URL 2>/dev/null | sort) || known=
	wanted="admin $url
internal $url
public $url"
	[ "$known" != "$wanted" ] || return 0
	change "make $name known at $url"
	client admin service show "$type" >/dev/null 2>&1 ||
		client admin service create --name "$name" --description "$title" "$type" >/dev/null
	for interface in admin internal public; do
		client admin endpoint list --service "$type" --interface "$interface" -f value -c ID -c URL >"$work/endpoint"
		read -r id there <"$work/endpoint" || id=
		if [ -z "$id" ]; then
			client admin endpoint create --region "$region" "$type" "$interface" "$url" >/dev/null
		elif [ "$there" != "$url" ]; then
			client admin endpoint set --url "$url" "$id"
		fi
	done
}

identity_user()
{
	client admin project show service >/dev/null 2>&1 || client admin project create --domain default service >/dev/null
	if client admin user show "$user" >/dev/null 2>&1; then
		words="user set"
	else
		words="user create --domain default"
	fi
	read -r password <"$here/secrets/$user-identity"
	# The status of a client that reads its commands says nothing of them: that the user is let in is looked at below.
	printf '%s --password %s %s\n' "$words" "$password" "$user" |
		OS_CLIENT_CONFIG_FILE=$work/clouds.yaml "$client_path/bin/openstack" --os-cloud admin >/dev/null || :
	for role in admin service; do
		client admin role show "$role" >/dev/null 2>&1 || client admin role create "$role" >/dev/null
		client admin role add --project service --user "$user" "$role"
	done
	client "$user" token issue >/dev/null || die "the user $user is not let in" "look above; then run this again"
}

# --------------------------------------------------------------------------------------------------------------------

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
. "$here/about.sh"

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
