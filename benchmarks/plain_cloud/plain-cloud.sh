#!/bin/bash
# What benchmarks/main_job.py compares Stackwright with: a plain script that sets up the same small OpenStack strictly
# one step after another, waits for each, and boots the same guest; it prints the time after each step.
#
#   plain-cloud.sh all        set the cloud up and boot a guest
#   plain-cloud.sh down       stop it all; the state directory stays
#   plain-cloud.sh configure  only write the configuration files
#
# Environment, all paths absolute:
#   CLOUD_STATE  state directory, which `all` and `configure` make
#   VENVS        folder with an environment for each service: keystone, glance, placement, nova, neutron
#   GUEST_IMAGE  folder with the guest's `kernel` and `initrd`
#   NOVNC_WEB    folder with noVNC's pages
#
# Needs root, and the Debian packages and users that `stackwright up` installs. It runs in the machine's own network
# namespace: the switch's devices (ovs-netdev, plain-int, plain-ext), the subnet 172.29.77.0/24 and the ports from 25000
# on are its own while it runs. Stackwright's clouds have theirs in network namespaces.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
state=${CLOUD_STATE:?}
venvs=${VENVS:?}
guest_image=${GUEST_IMAGE:?}
novnc_web=${NOVNC_WEB:?}

host=plain
integration_bridge=plain-int
outside_bridge=plain-ext
outside=172.29.77
tenant=10.77.0

port_base=25000
mariadb_port=$port_base
rabbitmq_port=$((port_base + 1))
distribution_port=$((port_base + 2))
epmd_port=$((port_base + 3))
memcached_port=$((port_base + 4))
# cloud_api.py knows these too.
keystone_port=$((port_base + 10))
glance_port=$((port_base + 11))
placement_port=$((port_base + 12))
nova_port=$((port_base + 13))
metadata_port=$((port_base + 14))
neutron_port=$((port_base + 15))
novncproxy_port=$((port_base + 16))

switch=unix:$state/ovs/db.sock
northbound=unix:$state/ovn/nb.sock
southbound=unix:$state/ovn/sb.sock
export OVS_RUNDIR=$state/ovs OVS_DBDIR=$state/ovs OVS_LOGDIR=$state/log
export OVN_RUNDIR=$state/ovn OVN_DBDIR=$state/ovn OVN_LOGDIR=$state/log
export LC_ALL=C.UTF-8 MALLOC_ARENA_MAX=2
# Without compiled modules, every start of a service would be slower than need be.
unset PYTHONDONTWRITEBYTECODE PYTHONUNBUFFERED
umask 022

# --- tools ---

# lap WHAT: the seconds since the beginning, those since the last lap, and what was done in them
lap() {
  local now=$EPOCHREALTIME
  awk -v begin="$begin" -v previous="$previous" -v now="$now" -v what="$1" \
    'BEGIN { printf "%7.1f s  +%5.1f  %s\n", now - begin, now - previous, what }'
  previous=$now
}

# start NAME COMMAND...: in a session of its own; its log and PID are kept
start() {
  local name=$1
  shift
  setsid "$@" >>"$state/log/$name.log" 2>&1 </dev/null &
  echo $! >"$state/pid/$name"
}

# wait_for NAME TEST...: until the test succeeds, for a minute at least; the process must live
wait_for() {
  local name=$1 attempt=0
  shift
  until "$@" >/dev/null 2>&1; do
    if ! kill -0 "$(cat "$state/pid/$name")" 2>/dev/null; then
      echo "$name died:"
      tail -20 "$state/log/$name.log"
      exit 1
    fi >&2
    attempt=$((attempt + 1))
    if [ $attempt -ge 1200 ]; then
      echo "$name is not ready" >&2
      exit 1
    fi
    sleep 0.05
  done
}

# kill_pid_of FILE: asks the process whose PID is in a file to end, if there is one
kill_pid_of() {
  [ ! -f "$1" ] || kill "$(cat "$1")" 2>/dev/null || true
}

# gone NAME: waits 10 s for the end of a process, then kills it
gone() {
  [ -f "$state/pid/$1" ] || return 0
  local pid attempt=0
  pid=$(cat "$state/pid/$1")
  while kill -0 "$pid" 2>/dev/null; do
    attempt=$((attempt + 1))
    if [ $attempt -ge 100 ]; then
      echo "$1: killed after 10 s" >&2
      kill -9 "$pid" 2>/dev/null || true
      break
    fi
    sleep 0.1
  done
  rm "$state/pid/$1"
}

port_open() {
  (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

secret() {
  cat "$state/secret/$1"
}

cloud_api() {
  python3 "$here/cloud_api.py" "$state" "$port_base" "$@"
}

# api NAME SERVICE PORT MODULE: starts a WSGI application and waits until it answers
api() {
  start "$1" "$venvs/$2/bin/uwsgi" --http-socket "127.0.0.1:$3" --module "$4:application" \
    --processes 1 --threads 4 --enable-threads --die-on-term --need-app --buffer-size 65535 \
    --add-header "Connection: close" --disable-logging
  wait_for "$1" curl -s -o /dev/null "http://127.0.0.1:$3/"
}

# --- configuration ---

# auth USER: how a service proves who it is
auth() {
  cat <<END
auth_type = password
auth_url = http://127.0.0.1:$keystone_port/v3
username = $1
password = $(secret "keystone-$1")
user_domain_id = default
project_name = service
project_domain_id = default
region_name = RegionOne
END
}

# authtoken USER: how a service checks the tokens it is given
authtoken() {
  cat <<END
[keystone_authtoken]
www_authenticate_uri = http://127.0.0.1:$keystone_port/v3
memcached_servers = 127.0.0.1:$memcached_port
service_token_roles = service
service_token_roles_required = true
$(auth "$1")
END
}

# database USER NAME
database() {
  cat <<END
connection = mysql+pymysql://$1:$(secret "db-$1")@127.0.0.1:$mariadb_port/$2?charset=utf8mb3
max_pool_size = 5
max_overflow = 20
END
}

rabbitmq_url() {
  echo "rabbit://openstack:$(secret rabbitmq)@127.0.0.1:$rabbitmq_port/"
}

configure() {
  local service name
  mkdir "$state"
  mkdir -p "$state"/{log,pid,ovs,ovn,rabbitmq,keystone,glance/{images,staging,tasks},nova/instances,neutron/tmp}
  mkdir -p "$state"/libvirt/{etc,lib,run,cache,log}
  mkdir -m 700 "$state/secret"
  mkdir -m 711 "$state/etc"
  for service in keystone glance placement nova neutron; do
    mkdir -m 700 "$state/etc/$service"
    openssl rand -hex 16 >"$state/secret/db-$service"
  done
  for name in admin rabbitmq metadata keystone-{glance,placement,nova,neutron}; do
    openssl rand -hex 16 >"$state/secret/$name"
  done
  configure_rabbitmq
  configure_keystone
  configure_glance
  configure_placement
  configure_nova
  configure_neutron
  configure_libvirt
}

configure_rabbitmq() {
  cat >"$state/etc/rabbitmq.conf" <<END
listeners.tcp.default = 127.0.0.1:$rabbitmq_port
distribution.listener.interface = 127.0.0.1
default_user = openstack
default_pass = $(secret rabbitmq)
log.console = true
log.console.level = warning
log.file = false
END
  echo '[].' >"$state/etc/enabled_plugins"
  chown -R rabbitmq: "$state/rabbitmq" "$state/etc/rabbitmq.conf" "$state/etc/enabled_plugins"
  chmod 600 "$state/etc/rabbitmq.conf"
}

configure_keystone() {
  cat >"$state/etc/keystone/keystone.conf" <<END
[database]
$(database keystone keystone)
[cache]
backend = oslo_cache.memcache_pool
memcache_servers = 127.0.0.1:$memcached_port
[identity]
password_hash_rounds = 4
max_password_length = 72
[fernet_tokens]
key_repository = $state/keystone/fernet

[fernet_receipts]
key_repository = $state/keystone/fernet
[credential]
key_repository = $state/keystone/credential
END
}

configure_glance() {
  cat >"$state/etc/glance/glance-api.conf" <<END
[DEFAULT]
enabled_backends = images:file
[glance_store]
default_backend = images
[images]
filesystem_store_datadir = $state/glance/images
[os_glance_staging_store]
filesystem_store_datadir = $state/glance/staging
[os_glance_tasks_store]
filesystem_store_datadir = $state/glance/tasks
[database]
$(database glance glance)
[paste_deploy]
flavor = keystone
[oslo_concurrency]
lock_path = $state/glance
$(authtoken glance)
END
  cp "$venvs/glance/etc/glance/glance-api-paste.ini" "$state/etc/glance/"
}

configure_placement() {
  cat >"$state/etc/placement/placement.conf" <<END
[placement_database]
$(database placement placement)
$(authtoken placement)
END
}

configure_nova() {
  cat >"$state/etc/nova/nova.conf" <<END
[DEFAULT]
host = $host
my_ip = 127.0.0.1
state_path = $state/nova
transport_url = $(rabbitmq_url)
compute_driver = libvirt.LibvirtDriver
resume_guests_state_on_host_boot = true
graceful_shutdown_timeout = 5
manager_shutdown_timeout = 2
force_config_drive = true
concurrency_backend = threading
web = $novnc_web
[oslo_concurrency]
lock_path = $state/nova
[cache]
enabled = true
backend = oslo_cache.memcache_pool
memcache_servers = 127.0.0.1:$memcached_port
[conductor]
workers = 1
[scheduler]
workers = 1
[placement]
$(auth placement)
[neutron]
service_metadata_proxy = true
metadata_proxy_shared_secret = $(secret metadata)
ovs_bridge = $integration_bridge
$(auth neutron)
[glance]
region_name = RegionOne
[service_user]
send_service_user_token = true
$(auth nova)
[vnc]
server_listen = 127.0.0.1
server_proxyclient_address = 127.0.0.1
novncproxy_host = 127.0.0.1
novncproxy_port = $novncproxy_port
novncproxy_base_url = http://127.0.0.1:$novncproxy_port/vnc_lite.html
[spice]
enabled = true
agent_enabled = false
server_listen = 127.0.0.1
server_proxyclient_address = 127.0.0.1
[libvirt]
virt_type = qemu
cpu_mode = none
connection_uri = qemu+unix:///system?socket=$state/libvirt/run/libvirt-sock
tb_cache_size = 32
[os_vif_ovs]
ovsdb_connection = $switch
[nova_sys_admin]
helper_command = $venvs/nova/bin/privsep-helper --config-file $state/etc/nova/nova.conf
[vif_plug_ovs_privileged]
helper_command = $venvs/nova/bin/privsep-helper --config-file $state/etc/nova/nova.conf
$(authtoken nova)
END
  # Apart, because nova-compute must not see it.
  cat >"$state/etc/nova/database.conf" <<END
[api_database]
$(database nova nova_api)
[database]
$(database nova nova)
END
  cp "$venvs/nova/etc/nova/api-paste.ini" "$state/etc/nova/"
}

configure_neutron() {
  cat >"$state/etc/neutron/neutron.conf" <<END
[DEFAULT]
host = $host
state_path = $state/neutron
core_plugin = ml2
service_plugins = ovn-router
transport_url = $(rabbitmq_url)
rpc_workers = 0
[database]
$(database neutron neutron)
[oslo_concurrency]
lock_path = $state/neutron/lock
[nova]
$(auth nova)
$(authtoken neutron)
END
  cat >"$state/etc/neutron/ml2_conf.ini" <<END
[ml2]
type_drivers = flat,geneve
tenant_network_types = geneve
mechanism_drivers = ovn
extension_drivers = port_security
[ml2_type_flat]
flat_networks = public
[ml2_type_geneve]
vni_ranges = 1:1000
max_header_size = 38
[ovn]
ovn_nb_connection = $northbound
ovn_sb_connection = $southbound
ovn_metadata_enabled = true
END
  cp "$venvs/neutron/etc/neutron/api-paste.ini" "$state/etc/neutron/"
  cat >"$state/etc/neutron/metadata_agent.ini" <<END
[DEFAULT]
host = $host
state_path = $state/neutron
nova_metadata_host = 127.0.0.1
nova_metadata_port = $metadata_port
metadata_proxy_shared_secret = $(secret metadata)
[AGENT]
root_helper =
[ovs]
ovsdb_connection = $switch
[ovn]
ovn_sb_connection = $southbound
[oslo_concurrency]
lock_path = $state/neutron/lock
END
  local context
  for context in privsep privsep_{namespace,link,ovs_vsctl,conntrack,dhcp_release}; do
    cat >>"$state/etc/neutron/metadata_agent.ini" <<END
[$context]
helper_command = $venvs/neutron/bin/privsep-helper --config-file $state/etc/neutron/metadata_agent.ini
END
  done
}

configure_libvirt() {
  cat >"$state/libvirt/etc/libvirtd.conf" <<END
listen_tls = 0
listen_tcp = 0
auth_unix_ro = "none"
auth_unix_rw = "none"
END
  cat >"$state/libvirt/etc/qemu.conf" <<END
user = "root"
group = "root"
security_driver = "none"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
max_core = 0
END
}

# --- what the services stand on ---

start_mariadb() {
  mkdir "$state/mysql"
  chown mysql: "$state/mysql"
  mariadb-install-db --no-defaults --user=mysql --datadir="$state/mysql" \
    --auth-root-authentication-method=socket --skip-test-db --skip-name-resolve \
    >"$state/log/mariadb-install.log" 2>&1
  lap "mariadb-install-db"
  start mariadb mariadbd --no-defaults --user=mysql --datadir="$state/mysql" --socket="$state/mysql/sock" \
    --pid-file="$state/mysql/pid" --bind-address=127.0.0.1 --port="$mariadb_port" --skip-name-resolve \
    --max-connections=512 --character-set-server=utf8mb3 --collation-server=utf8mb3_general_ci \
    --innodb-buffer-pool-size=64M --innodb-log-file-size=32M --innodb-flush-log-at-trx-commit=2 \
    --aria-pagecache-buffer-size=8M --key-buffer-size=1M --performance-schema=OFF
  wait_for mariadb mariadb --no-defaults -S "$state/mysql/sock" -e 'select 1'
  {
    make_database keystone keystone
    make_database glance glance
    make_database placement placement
    make_database nova nova
    make_database nova nova_api
    make_database nova nova_cell0
    make_database neutron neutron
  } | mariadb --no-defaults -S "$state/mysql/sock"
  lap "mariadb"
}

# make_database USER NAME: the statements that do it
make_database() {
  cat <<END
CREATE DATABASE $2;
CREATE USER IF NOT EXISTS '$1'@'127.0.0.1' IDENTIFIED BY '$(secret "db-$1")';
GRANT ALL ON $2.* TO '$1'@'127.0.0.1';
END
}

start_messaging() {
  start memcached memcached -u memcache -l 127.0.0.1 -p "$memcached_port" -U 0 -m 32 -t 1 -c 512
  wait_for memcached port_open "$memcached_port"
  start epmd epmd -port "$epmd_port" -address 127.0.0.1
  start rabbitmq setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups env -i \
    PATH="$PATH" \
    LC_ALL=C.UTF-8 \
    HOME="$state/rabbitmq" \
    RUNNING_UNDER_SYSTEMD=true \
    RABBITMQ_NODENAME="rabbit-$host@localhost" \
    RABBITMQ_CONFIG_FILE="$state/etc/rabbitmq.conf" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$state/etc/enabled_plugins" \
    RABBITMQ_MNESIA_BASE="$state/rabbitmq" \
    RABBITMQ_LOG_BASE="$state/rabbitmq" \
    RABBITMQ_PID_FILE="$state/rabbitmq/pid" \
    RABBITMQ_CONF_ENV_FILE=/dev/null \
    RABBITMQ_DIST_PORT="$distribution_port" \
    ERL_EPMD_ADDRESS=127.0.0.1 \
    ERL_EPMD_PORT="$epmd_port" \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 +SDio 2 +sbwt none +sbwtdcpu none +sbwtdio none +hms 2000" \
    /usr/lib/rabbitmq/bin/rabbitmq-server
  wait_for rabbitmq port_open "$rabbitmq_port"
  lap "memcached, rabbitmq"
}

start_ovn() {
  ovsdb-tool create "$state/ovs/conf.db" /usr/share/openvswitch/vswitch.ovsschema
  ovsdb-tool create "$state/ovn/nb.db" /usr/share/ovn/ovn-nb.ovsschema
  ovsdb-tool create "$state/ovn/sb.db" /usr/share/ovn/ovn-sb.ovsschema
  start ovsdb ovsdb-server "$state/ovs/conf.db" --remote="p$switch" --unixctl="$state/ovs/db.ctl" -vconsole:warn
  start ovn-nb ovsdb-server "$state/ovn/nb.db" --remote="p$northbound" --unixctl="$state/ovn/nb.ctl" -vconsole:warn
  start ovn-sb ovsdb-server "$state/ovn/sb.db" --remote="p$southbound" --unixctl="$state/ovn/sb.ctl" -vconsole:warn
  wait_for ovsdb test -S "$state/ovs/db.sock"
  wait_for ovn-nb test -S "$state/ovn/nb.sock"
  wait_for ovn-sb test -S "$state/ovn/sb.sock"
  ovs-vsctl --no-wait --db="$switch" -- init -- set Open_vSwitch . \
    other_config:userspace-tso-enable=true \
    external-ids:system-id="$host" \
    external-ids:hostname="$host" \
    external-ids:ovn-remote="$southbound" \
    external-ids:ovn-bridge="$integration_bridge" \
    external-ids:ovn-bridge-datapath-type=netdev \
    external-ids:ovn-encap-type=geneve \
    external-ids:ovn-encap-ip=127.0.0.1 \
    external-ids:ovn-cms-options=enable-chassis-as-gw \
    external-ids:ovn-bridge-mappings="public:$outside_bridge" \
    -- add-br "$integration_bridge" -- set Bridge "$integration_bridge" datapath_type=netdev fail-mode=secure \
    -- add-br "$outside_bridge" -- set Bridge "$outside_bridge" datapath_type=netdev
  start ovs-vswitchd ovs-vswitchd "$switch" --unixctl="$state/ovs/vswitchd.ctl" -vconsole:warn
  start ovn-northd ovn-northd --ovnnb-db="$northbound" --ovnsb-db="$southbound" \
    --unixctl="$state/ovn/northd.ctl" -vconsole:warn
  start ovn-controller ovn-controller "$switch" -vconsole:warn
  wait_for ovs-vswitchd ip link show "$outside_bridge"
  ip address replace "$outside.1/24" dev "$outside_bridge"
  ip link set "$outside_bridge" up
  wait_for ovn-controller chassis_registered
  lap "ovs, ovn"
}

chassis_registered() {
  ovn-sbctl --db="$southbound" --bare --columns=name list Chassis | grep -qx "$host"
}

# In a mount namespace of its own, in which libvirt's folders are the cloud's.
start_libvirt() {
  mkdir -p /etc/libvirt /var/lib/libvirt /run/libvirt /var/cache/libvirt /var/log/libvirt
  # shellcheck disable=SC2016  # the inner shell expands it
  start libvirtd unshare --mount --propagation private sh -ec '
    mount --bind "$1/etc" /etc/libvirt
    mount --bind "$1/lib" /var/lib/libvirt
    mount --bind "$1/run" /run/libvirt
    mount --bind "$1/cache" /var/cache/libvirt
    mount --bind "$1/log" /var/log/libvirt
    exec libvirtd --pid-file /run/libvirt/libvirtd.pid' sh "$state/libvirt"
  wait_for libvirtd "$venvs/nova/bin/python" -c \
    "import libvirt; libvirt.open('qemu+unix:///system?socket=$state/libvirt/run/libvirt-sock')"
  lap "libvirtd"
}

# --- the services ---

keystone_manage() {
  "$venvs/keystone/bin/keystone-manage" --config-file "$state/etc/keystone/keystone.conf" "$@" \
    >>"$state/log/keystone-manage.log" 2>&1
}

nova_manage() {
  "$venvs/nova/bin/nova-manage" --config-file "$state/etc/nova/nova.conf" \
    --config-file "$state/etc/nova/database.conf" "$@" >>"$state/log/nova-manage.log" 2>&1
}

fill_databases() {
  local url=http://127.0.0.1:$keystone_port/v3
  # Templates that nova fills from its configuration.
  local cell='{scheme}://{username}:{password}@{hostname}:{port}'
  keystone_manage db_sync
  lap "keystone db_sync"
  keystone_manage fernet_setup --keystone-user root --keystone-group root
  keystone_manage credential_setup --keystone-user root --keystone-group root
  lap "keystone keys"
  OS_BOOTSTRAP_PASSWORD=$(secret admin) keystone_manage bootstrap --bootstrap-region-id RegionOne \
    --bootstrap-admin-url "$url" --bootstrap-internal-url "$url" --bootstrap-public-url "$url"
  lap "keystone bootstrap"
  "$venvs/glance/bin/glance-manage" --config-file "$state/etc/glance/glance-api.conf" db_sync \
    >>"$state/log/glance-manage.log" 2>&1
  lap "glance db_sync"
  "$venvs/placement/bin/placement-manage" --config-file "$state/etc/placement/placement.conf" db sync \
    >>"$state/log/placement-manage.log" 2>&1
  lap "placement db sync"
  nova_manage api_db sync
  lap "nova api_db sync"
  nova_manage cell_v2 map_cell0 --database_connection "$cell/nova_cell0?{query}"
  lap "nova map_cell0"
  nova_manage cell_v2 create_cell --name cell1 \
    --database_connection "$cell/{path}?{query}" --transport-url "$cell/{path}"
  lap "nova create_cell"
  nova_manage db sync
  lap "nova db sync (cell0 and cell1)"
  "$venvs/neutron/bin/neutron-db-manage" --config-file "$state/etc/neutron/neutron.conf" \
    --config-file "$state/etc/neutron/ml2_conf.ini" upgrade heads >>"$state/log/neutron-db-manage.log" 2>&1
  lap "neutron upgrade heads"
}

start_apis() {
  OS_KEYSTONE_CONFIG_FILES=$state/etc/keystone/keystone.conf \
    api keystone keystone "$keystone_port" keystone.wsgi.api
  lap "keystone answers"
  cloud_api catalog
  lap "catalog"
  OS_GLANCE_CONFIG_DIR=$state/etc/glance \
    api glance glance "$glance_port" glance.wsgi.api
  lap "glance answers"
  OS_PLACEMENT_CONFIG_DIR=$state/etc/placement \
    api placement placement "$placement_port" placement.wsgi.api
  lap "placement answers"
  start neutron-ovn-metadata-agent "$venvs/neutron/bin/neutron-ovn-metadata-agent" \
    --config-file "$state/etc/neutron/metadata_agent.ini"
  wait_for neutron-ovn-metadata-agent test -S "$state/neutron/metadata_proxy"
  lap "neutron-ovn-metadata-agent"
  # Neutron leaves marks of its start in TMPDIR.
  TMPDIR=$state/neutron/tmp OS_NEUTRON_CONFIG_DIR=$state/etc/neutron \
    OS_NEUTRON_CONFIG_FILES="neutron.conf;ml2_conf.ini" \
    api neutron neutron "$neutron_port" neutron.wsgi.api
  wait_for neutron cloud_api agents
  lap "neutron answers, agents alive"
  OS_NOVA_CONFIG_DIR=$state/etc/nova OS_NOVA_CONFIG_FILES="api-paste.ini;nova.conf;database.conf" \
    api nova-api nova "$nova_port" nova.wsgi.osapi_compute
  lap "nova-api answers"
  OS_NOVA_CONFIG_DIR=$state/etc/nova OS_NOVA_CONFIG_FILES="api-paste.ini;nova.conf;database.conf" \
    api nova-metadata nova "$metadata_port" nova.wsgi.metadata
  lap "nova-metadata answers"
}

# start_nova NAME CONFIGURATION...: starts one of nova's services and waits until nova counts it as up
start_nova() {
  local name=$1 file options=()
  shift
  for file in "$@"; do
    options+=(--config-file "$state/etc/nova/$file")
  done
  start "$name" "$venvs/nova/bin/$name" "${options[@]}"
  wait_for "$name" cloud_api service "$name"
  lap "$name up"
}

start_compute() {
  start_nova nova-conductor nova.conf database.conf
  start_nova nova-scheduler nova.conf database.conf
  start_nova nova-compute nova.conf
  nova_manage cell_v2 discover_hosts
  lap "discover_hosts"
  start nova-novncproxy "$venvs/nova/bin/nova-novncproxy" --config-file "$state/etc/nova/nova.conf"
  wait_for nova-novncproxy port_open "$novncproxy_port"
  lap "nova-novncproxy"
}

# --- what one can ask for ---

all() {
  begin=$EPOCHREALTIME
  previous=$begin
  configure
  lap "configured"
  start_mariadb
  start_messaging
  start_ovn
  start_libvirt
  fill_databases
  start_apis
  start_compute
  cloud_api guest "$guest_image" "$outside" "$tenant" "$begin"
}

down() {
  [ -d "$state/pid" ] || return 0
  local file name port bridge namespace
  local services=(nova-novncproxy nova-compute nova-scheduler nova-conductor neutron-ovn-metadata-agent
    nova-metadata nova-api neutron placement glance keystone libvirtd)
  # Guests and the metadata agent's proxies are children of nobody.
  for file in "$state"/libvirt/run/qemu/*.pid; do
    kill_pid_of "$file"
  done
  for name in "${services[@]}"; do
    kill_pid_of "$state/pid/$name"
  done
  for name in "${services[@]}"; do
    gone "$name"
  done
  for file in "$state"/neutron/external/pids/*; do
    kill_pid_of "$file"
  done
  # Before the bridges: ovn-controller would make its own again.
  for name in ovn-controller ovn-northd; do
    kill_pid_of "$state/pid/$name"
    gone "$name"
  done
  if [ -S "$state/ovs/db.sock" ]; then
    # The taps of guests outlive the switch.
    for port in $(ovs-vsctl --timeout=5 --db="$switch" list-ports "$integration_bridge" | grep '^tap'); do
      ip link delete "$port" 2>/dev/null || true
    done
    for bridge in $(ovs-vsctl --timeout=5 --db="$switch" list-br); do
      ovs-vsctl --timeout=10 --db="$switch" del-br "$bridge" || true
    done
  fi
  for file in "$state"/neutron/ovn-metadata-proxy/*.conf; do
    [ -f "$file" ] || continue
    namespace=ovnmeta-$(basename "$file" .conf)
    ip netns pids "$namespace" 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns delete "$namespace" 2>/dev/null || true
  done
  for name in ovs-vswitchd ovn-nb ovn-sb ovsdb rabbitmq epmd memcached mariadb; do
    kill_pid_of "$state/pid/$name"
    gone "$name"
  done
}

case ${1-} in
  all) all ;;
  down) down ;;
  configure) configure ;;
  *)
    echo "usage: $0 all|down|configure" >&2
    exit 2
    ;;
esac
