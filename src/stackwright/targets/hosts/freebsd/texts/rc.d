#!/bin/sh
# shellcheck disable=SC1091,SC2034 # rc.subr reads what is set here

# PROVIDE: {{ name }}
# REQUIRE: {{ requires }}
# KEYWORD: shutdown

# Its settings are in /usr/local/etc/rc.conf.d/{{ name }}, its environment is in
# {{ environment_file }}.

. /etc/rc.subr

name={{ name }}
desc={{ title }}
rcvar={{ name }}_enable

load_rc_config $name

: "${ {{- name }}_enable:=NO}"
: "${ {{- name }}_env_file:={{ environment_file }}}"

# daemon(8) keeps the program running, and is what status and stop speak of; reload speaks to the program.
pidfile={{ pid_file }}
child_pidfile=/var/run/{{ name }}.child.pid
procname=/usr/sbin/daemon
command=/usr/sbin/daemon
command_args={{ arguments }}
required_files="{{ program }}{{ ' ' if required }}{{ required }}"
extra_commands="reload"
reload_cmd="{{ name }}_reload"

{{ name }}_reload()
{
	if ! child=$(cat "$child_pidfile" 2>/dev/null); then
		echo "$name is not running."
		return 1
	fi
	kill -HUP "$child"
}

run_rc_command "$1"
