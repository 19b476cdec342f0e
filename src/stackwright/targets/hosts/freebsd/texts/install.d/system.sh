# shellcheck shell=sh disable=SC2154 # what is not set here is set in install.sh and about.sh
# What the system has to have: packages, settings, kernel modules, mounts, users.

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
		kldload -n "$module" ||
			die "the kernel module $module cannot be loaded" \
				"dmesg says why; vmm needs a processor with VT-x and EPT, or AMD-V and RVI, switched on in the firmware"
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
