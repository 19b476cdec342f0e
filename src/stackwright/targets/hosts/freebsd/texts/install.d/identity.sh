# shellcheck shell=sh disable=SC2154 # what is not set here is set in install.sh and about.sh
# The services' users and endpoints in the identity service.

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

# NAME: the role is there.
role()
{
	client admin role show "$1" >/dev/null 2>&1 || client admin role create "$1" >/dev/null
}

# NAME DESCRIPTION: the domain is there.
domain()
{
	client admin domain show "$1" >/dev/null 2>&1 && return
	change "make the domain $1"
	client admin domain create --description "$2" "$1" >/dev/null
}

# DOMAIN USER SECRET ROLE ...: the user of a domain is let in, and has these roles on it.
domain_user()
{
	domain=$1
	user=$2
	secret=$3
	shift 3
	# A token for the domain is given to those only who have a role on it.
	client "$user" token issue >/dev/null 2>&1 && return
	change "make the user $user of the domain $domain"
	set_user "$user" "$domain" "$secret" </dev/null
	for role; do
		role "$role"
		client admin role add --domain "$domain" --user "$user" --user-domain "$domain" "$role"
	done
	client "$user" token issue >/dev/null || die "the user $user is not let in" "look above; then run this again"
}

identity_user()
{
	client admin project show service >/dev/null 2>&1 || client admin project create --domain default service >/dev/null
	set_user "$user" default "$user-identity"
	for role in admin service; do
		role "$role"
		client admin role add --project service --user "$user" "$role"
	done
	client "$user" token issue >/dev/null || die "the user $user is not let in" "look above; then run this again"
}

# USER DOMAIN SECRET: the user is there, with this password.
set_user()
{
	if client admin user show --domain "$2" "$1" >/dev/null 2>&1; then
		words="user set --domain $2"
	else
		words="user create --domain $2"
	fi
	read -r password <"$here/secrets/$3"
	# The status of a client that reads its commands says nothing of them: who calls this sees that the user is let in.
	printf '%s --password %s %s\n' "$words" "$password" "$1" |
		OS_CLIENT_CONFIG_FILE=$work/clouds.yaml "$client_path/bin/openstack" --os-cloud admin >/dev/null || :
}
