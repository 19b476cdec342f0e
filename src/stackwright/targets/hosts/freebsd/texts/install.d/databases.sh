# shellcheck shell=sh disable=SC2154 # what is not set here is set in install.sh and about.sh
# Databases, their users, and what is recorded in them.

root_options=/usr/local/etc/mysql/root.cnf

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
