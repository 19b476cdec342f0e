"""Secrets that stand there plain to read are found, and hardly anything else is taken for one."""

from __future__ import annotations

import base64
import random
import string
import uuid
from typing import TYPE_CHECKING

import pytest
import yaml

from stackwright.catalogue.catalogue import own_catalogue
from stackwright.site.values.secrecy import HIDDEN, looks_random, plain_secret, shown
from stackwright.site.values.values import default_values

if TYPE_CHECKING:
    from stackwright.distribution.document import Plain

    from .conftest import Team

CATALOGUE = own_catalogue()
VALUES = default_values(CATALOGUE, CATALOGUE.select(["core"]))

DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PUBLIC_KEY = base64.b64encode(b"\0\0\0\x0bssh-ed25519\0\0\0 " + random.Random(1).randbytes(32)).decode()
CERTIFICATE = base64.encodebytes(random.Random(2).randbytes(600)).decode()

# Option -> what is said of it in sound configurations.
HARMLESS = [
    ("instance_uuid", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
    ("uuids", "3F2504E0-4F89-11D3-9A0C-0305E82C3301,6ba7b8109dad11d180b400c04fd430c8"),
    ("rbd_secret_uuid", "457eb676-33da-42ec-9a8c-9293d545c337"),
    ("image_digest", DIGEST),
    ("image", f"harbor.example.org/openstack/nova-compute@sha256:{DIGEST}"),
    ("image_tag", "registry.example.org:5000/loci/neutron:2026.2-debian-bookworm-amd64-20261120"),
    ("commit", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
    ("change", "I3a45b1fb41e8e446d1f25d7a1d77991c8bf2a1ed"),
    ("version", "34.0.0.0rc1.dev417+g1a2b3c4d5e6f7a8b9c0d.d20261120"),
    ("integrity", "sha384-SggXRQHwCG8g+DktYYzxkXRIkTiEYWBHqev0xnpCxYlqMBufKZHAHQM3/boDaI/0"),
    ("fingerprint", "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"),
    ("authorized", f"ssh-ed25519 {PUBLIC_KEY} operator@bastion-01.example.org"),
    ("ca", f"-----BEGIN CERTIFICATE-----\n{CERTIFICATE}-----END CERTIFICATE-----\n"),
    ("interface_mac", "fa:16:3e:0a:1B:2c"),
    ("base_mac", "FA-16-3E-C0-A8-01"),
    ("subnets", "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,2001:db8:85a3::8a2e:370:7334/64"),
    ("my_ip", "fe80::5054:ff:fe12:3456"),
    ("wwpn", "50:01:43:80:18:6b:3f:65"),
    ("wwn", "naa.600508b1001c7d659a2feaa0c55ad015"),
    ("wwid", "3600508b400105e210000900000490000"),
    ("hostnqn", "nqn.2014-08.org.nvmexpress:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
    ("subsystem", "nqn.1992-08.com.netapp:sn.1a2b3c4d5e6f11eab8c6d039ea19f0a3:subsystem.openstack-cinder-01"),
    ("initiator", "iqn.1993-08.org.debian:01:3f2a7c9b1d5e"),
    ("disk", "/dev/disk/by-id/nvme-SAMSUNG_MZQL23T8HCLS-00A07_S64HNE0R500123"),
    ("other_disk", "/dev/disk/by-id/ata-ST8000NM0055XQ2KT_ZA1BC4Q7KX9RT3PW"),
    ("device_spec", '{"vendor_id":"8086","product_id":"154d","address":"0000:5E:00.1","physical_network":"physnet2"}'),
    ("alias", '{"vendor_id":"10de","product_id":"20b5","device_type":"type-PF","name":"a100-80gb-pcie-x16"}'),
    ("traits", "HW_CPU_X86_AVX512VNNI,HW_CPU_X86_AVX512VPCLMULQDQ,CUSTOM_CPU_X86_AVX512BITALG,COMPUTE_TRUSTED_CERTS"),
    ("cpu_models", "Cascadelake-Server-noTSX,Skylake-Server-IBRS,EPYC-Rome-v4,Icelake-Server-v7"),
    ("volume_driver", "cinder.volume.drivers.netapp.common.NetAppDriver"),
    ("volume_driver_long", "cinder.volume.drivers.dell_emc.powermax.iscsi.PowerMaxISCSIDriver"),
    ("vif_driver", "nova.virt.libvirt.config.LibvirtConfigCPUMaxPhysAddr"),
    ("firewall_driver", "neutron.agent.linux.iptables_firewall.OVSHybridIptablesFirewallDriver"),
    ("linuxbridge", "neutron.plugins.ml2.drivers.l2pop.mech_driver:L2populationMechanismDriver"),
    ("exception", "ovsdb_exc.OvsdbSslRequiredOptError"),
    ("paste_filter", "keystonemiddleware.auth_token:filter_factory"),
    ("logging_context_format_string",
     "%(asctime)s.%(msecs)03d %(process)d %(levelname)s %(name)s [%(global_request_id)s %(request_id)s "
     "%(user_identity)s] %(instance)s%(message)s"),
    ("log_date_format", "%Y-%m-%dT%H:%M:%S%z"),
    ("default_log_levels", "amqp=WARN,boto=WARN,oslo.messaging=INFO,keystonemiddleware.auth_token=DEBUG,token=INFO"),
    ("user_tree_dn", "OU=Users,OU=OpenStack_Region_1,DC=corp,DC=example,DC=org"),
    ("user_filter", "(&(objectClass=person)(memberOf:1.2.840.113556.1.4.1941:=CN=Cloud-Users,OU=Groups,DC=example))"),
    ("password_regex", r"^(?=.*\d)(?=.*[a-zA-Z])(?=.*[!@#$%^&*]).{12,128}$"),
    ("password_regex_description", "Your password: at least 12 characters, one of them a digit"),
    ("password_hash_algorithm", "scrypt"),
    ("change_password_upon_first_use", "true"),
    ("send_service_user_token", "true"),
    ("inject_password", "False"),
    ("allow_expired_token", "no"),
    ("token", "none"),
    ("user_password", "{{ secret('nova-identity') }}"),
    ("admin_password", "$keystone_authtoken.password"),
    ("san_private_key", "/etc/cinder/ssh/id_ed25519"),
    ("ca_private_key", "server-ca.key.pem"),
    ("ssh_private_key", "~/.ssh/id_rsa"),
    ("service_token_roles_required", "true"),
    ("token_provider", "fernet"),
    ("secret_backend", "vault_plugin"),
    ("key_repository", "/etc/keystone/fernet-keys/"),
    ("transport_url", "rabbit://{{ shared.rabbitmq.user }}:{{ secret('rabbitmq-nova') }}@{{ site_address }}:5672/nova"),
    ("transport", "rabbit://rabbitmq.openstack.svc.cluster.local:5672/nova?ssl=1&heartbeat_timeout_threshold=60"),
    ("connection", "mysql+pymysql://$db_user:$db_password@192.0.2.7/nova?charset=utf8mb4&binlog_row_image=MINIMAL"),
    ("connection_form", "mysql+pymysql://{username}:{password}@{hostname}:{port}/{path}?{query}"),
    ("docs", "https://docs.openstack.org/nova/2026.2/admin/configuration/samples/policy.html#os-compute-api"),
    ("query", "https://example.org/search?q=openstack+2026&lang=en&utm_source=newsletter-2026-11"),
    ("git", "git@github.example.org:team/openstack-helm-2026.2-overrides.git"),
    ("git_ssh", "ssh://git@review.example.org:29418/openstack/nova"),
    ("auth_url", "http://[2001:db8::1]:5000/v3"),
    ("memcached_servers", "inet6:[fd00::1]:11211,cache-1.example.org:11211,cache-2.example.org:11211"),
    ("library", "/usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_qemu.so"),
    ("scripts", "/opt/stack/data/venv/lib/python3.11/site-packages/nova/db/main/migrations/versions"),
    ("globs", "/etc/nova/nova.conf.d/*.conf,/var/log/{nova,neutron}/*.log.[0-9]*"),
    ("schedule", "*/15 2-6 * * 1-5 root /usr/bin/nova-manage db archive_deleted_rows --max_rows 1000 --until-complete"),
    ("locale", "en_US.UTF-8,de_DE.UTF-8@euro,zh_Hant_TW,sr_RS.utf8@latin"),
    ("hosts", "compute-rack12-u07.zone3.fra1.example.org,ip-172-31-20-7.eu-central-1.compute.internal"),
    ("pod", "nova-api-osapi-7d9f8b6c5d-x2k4z"),
    ("wheel", "cryptography-46.0.1-cp311-abi3-manylinux_2_28_x86_64.whl"),
    ("package", "libstdc++6_12.2.0-14+deb12u1_amd64.deb"),
    ("keymap", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305:!aNULL:!MD5"),
    ("tls", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_CHACHA20_POLY1305_SHA256"),
    ("bridge_mappings", "physnet1:br-ex,physnet2:br-sriov0,physnet3:br-vlan100-199"),
    ("dhcp_options", "tag:ovn,option:classless-static-route,169.254.169.254/32,10.0.0.2"),
    ("pci_slots", "0000:81:00.0-0000:81:00.7,0000:82:10.1,0000:82:10.3"),
    ("serial", "QEMU_HARDDISK_drive-scsi0-0-0-0_part1"),
    ("cpu_set", "2-31,34-63,^17,^49"),
    ("numbers", "1000000000000000000000,3.14159265358979323846"),
    ("time", "2026-11-20T15:10:53.937612+00:00"),
    ("empty", ""),
    ("german", "Rechenzentrumsverbindungsnetzwerk-Zugangskontrollrichtlinie-2026"),
    ("words", "correct-horse-battery-staple-is-a-project-name-here"),
]  # fmt: skip


def test_the_table_is_large_enough_to_mean_something() -> None:
    assert len(HARMLESS) >= 60
    assert len(SECRETS) >= 25


@pytest.mark.parametrize(("name", "text"), HARMLESS)
def test_what_sound_configurations_say_is_no_secret(name: str, text: str) -> None:
    assert plain_secret(VALUES, option(name), text) == ""
    assert shown(VALUES, option(name), text) == text


SEEDED = random.Random(20261129)


def characters(count: int, of: str = string.ascii_letters + string.digits) -> str:
    return "".join(SEEDED.choices(of, k=count))


def base_64(count: int) -> str:
    return base64.b64encode(SEEDED.randbytes(count)).decode()


def private_key(kind: str) -> str:
    text = base64.encodebytes(SEEDED.randbytes(400)).decode()
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{text}-----END {kind}PRIVATE KEY-----\n"


# Option -> a secret of a real kind, and a word of why it is one. Those of the first part betray themselves, whatever
# the option is called; those of the second do by its name.
SECRETS = [
    ("setting", characters(24), "random"),
    ("setting", characters(32), "random"),
    ("setting", characters(64), "random"),
    ("setting", characters(32, string.ascii_lowercase + string.digits), "random"),
    ("setting", base_64(24), "random"),
    ("setting", base_64(32), "random"),
    ("setting", base_64(48), "random"),
    ("setting", base64.urlsafe_b64encode(SEEDED.randbytes(32)).decode(), "random"),
    ("arguments", f"--verbose --auth {base_64(30)}", "random"),
    ("keyring", f"[client.cinder] key = AQB{base_64(27)}", "random"),
    ("setting", f"ghp_{characters(36)}", "random"),
    ("setting", f"glpat-{characters(20)}", "random"),
    ("setting", f"hvs.{characters(28)}", "random"),
    ("setting", f"AKIA{characters(16, string.ascii_uppercase + string.digits)}", "random"),
    ("setting", f"AGE-SECRET-KEY-1{characters(58, string.ascii_uppercase + string.digits)}", "random"),
    ("setting", f"gAAAAABn{base64.urlsafe_b64encode(SEEDED.randbytes(96)).decode()}", "random"),
    ("setting", f"$6$rounds=5000${characters(16)}${characters(86)}", "random"),
    ("setting", f"$2b$12${characters(53)}", "random"),
    ("setting", f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI{characters(20)}.{characters(43)}", "random"),
    ("host_key", private_key("OPENSSH "), "private key"),
    ("host_key", private_key("RSA "), "private key"),
    ("host_key", private_key(""), "private key"),
    ("transport", f"rabbit://nova:{characters(8)}@192.0.2.7:5672/nova", "URL"),
    ("database", "mysql+pymysql://nova:nova@db.example.org/nova", "URL"),
    ("database", "postgresql://{{ service }}:hunter2@{{ site_address }}/keystone", "URL"),
    ("proxies", f"http://proxy.example.org:3128,https://me:{characters(6)}@proxy.example.org:3128", "URL"),
    ("cache", "redis://:correcthorse@cache.example.org:6379/0", "URL"),
    ("dsn", "host=db.example.org dbname=nova user=nova password=hunter2", "password or token in it"),
    ("hook", f"https://hooks.example.org/alert?team=cloud&token={characters(12)}", "password or token in it"),
    ("headers", f"Authorization: Bearer {characters(16)}", "password or token in it"),
    ("json", '{"user": "admin", "password": "hunter2"}', "password or token in it"),
    ("admin_password", "hunter2", "name"),
    ("password", "123456", "name"),
    ("user_passwd", "nova", "name"),
    ("tls_key_passphrase", "correct horse battery staple", "name"),
    ("metadata_proxy_shared_secret", characters(10), "name"),
    ("memcache_secret_key", str(uuid.UUID(bytes=SEEDED.randbytes(16))), "name"),
    ("auth_encryption_key", SEEDED.randbytes(16).hex(), "name"),
    ("fixed_key", SEEDED.randbytes(32).hex(), "name"),
    ("heartbeat_key", "insecure", "name"),
    ("s3_access_key", "minio", "name"),
    ("admin_token", str(uuid.UUID(bytes=SEEDED.randbytes(16))), "name"),
    ("api-key", "0123456789abcdef", "name"),
    ("admin_password", "prefix{{ secret('nova-identity') }}", "name"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "why"), SECRETS)
def test_a_secret_is_found_and_hidden(name: str, text: str, why: str) -> None:
    assert why in plain_secret(VALUES, option(name), text)
    assert shown(VALUES, option(name), text) == HIDDEN


@pytest.mark.parametrize(
    ("kind", "share"),
    [
        (lambda dice: base64.b64encode(dice.randbytes(32)).decode(), 0.99),
        (lambda dice: base64.urlsafe_b64encode(dice.randbytes(32)).decode(), 0.99),
        (lambda dice: "".join(dice.choices(string.ascii_letters + string.digits, k=32)), 0.98),
        (lambda dice: "".join(dice.choices(string.ascii_letters + string.digits, k=20)), 0.93),
        (lambda dice: "".join(dice.choices(string.ascii_lowercase + string.digits, k=32)), 0.97),
        (lambda dice: base64.b32encode(dice.randbytes(20)).decode(), 0.92),
    ],
    ids=["base64", "base64 for URLs", "32 characters", "20 characters", "32 small ones", "base32"],
)
def test_of_random_texts_without_a_name_nearly_all_are_found(kind, share: float) -> None:  # type: ignore[no-untyped-def]
    dice = random.Random(7)
    assert sum(looks_random(kind(dice)) for _ in range(2000)) >= share * 2000


def test_lint_tells_all_of_the_one_and_none_of_the_other(team: Team) -> None:
    """What the judgement is worth: in one file with a hundred of each."""
    harmless = {f"harmless_{index}_{name}": text for index, (name, text) in enumerate(HARMLESS)}
    secret = {f"secret_{index}_{name}": text for index, (name, text, _) in enumerate(SECRETS)}
    conf = {"nova.conf": {"DEFAULT": {**harmless, **secret}}}
    team.region(yaml.safe_dump({"compute": {"conf": conf}}, width=10_000))
    found = {one.path.rpartition(".")[2] for one in team.findings() if one.rule == "plain-secret"}
    assert found == set(secret)
    assert not [one.what for one in team.findings() if "hunter2" in one.what + one.fix]


SCHEMA = """\
global:
  phrase: {type: text, description: a secret, sensitive: true}
  phrases: {type: list, description: secrets, sensitive: true}
  pin: {type: integer, description: a secret, sensitive: true}
  tokens: {type: integer, description: how many}
  accounts: {type: list, description: names and passwords}
  ldap: {type: map, description: the directory}
"""


def test_what_is_declared_as_a_secret_is_one_whatever_it_looks_like(team: Team) -> None:
    team.schema(SCHEMA)
    team.site("""\
        values:
          global:
            phrase: abc
            phrases: [a, b]
            pin: 1234
            tokens: 5
        """)
    assert team.lint("plain-secret") == [
        "plain-secret global.phrase sites/local.yaml:7",
        "plain-secret global.phrases.0 sites/local.yaml:8",
        "plain-secret global.phrases.1 sites/local.yaml:8",
        "plain-secret global.pin sites/local.yaml:9",
    ]


def test_secrets_inside_of_lists_and_maps_are_found_by_their_keys(team: Team) -> None:
    team.schema(SCHEMA)
    team.site("""\
        values:
          global:
            accounts:
              - {name: ada, password: hunter2}
              - {name: bob, password: "{{ secret('compute-database') }}"}
            ldap: {url: "ldap://example.org", bind: {user: "cn=ada", password: hunter2}}
        """)
    assert team.lint("plain-secret") == [
        "plain-secret global.accounts.0.password sites/local.yaml:8",
        "plain-secret global.ldap.bind.password sites/local.yaml:10",
    ]
    values = team.values()
    accounts: Plain = [
        {"name": "ada", "password": "***"},
        {"name": "bob", "password": "{{ secret('compute-database') }}"},
    ]
    assert shown(values, ("global", "accounts"), team.get("global.accounts")) == accounts


def test_what_templates_and_references_bring_is_not_there_to_read(team: Team) -> None:
    team.schema(SCHEMA)
    team.site("""\
        values:
          global: {phrase: "{{ secret('compute-database') }}"}
          compute: {secrets: {database: "vault+kv2://kv/nova#database"}}
        """)
    assert team.lint("plain-secret") == []


def test_a_secret_in_the_place_of_a_reference_is_found(team: Team) -> None:
    team.site("values: {compute: {secrets: {database: hunter2}}}\n")
    assert team.lint("plain-secret") == ["plain-secret compute.secrets.database sites/local.yaml:5"]
    assert shown(team.values(), ("compute", "secrets", "database"), "hunter2") == HIDDEN


def test_every_layer_is_looked_at_those_that_lose_and_those_of_hosts_too(team: Team) -> None:
    conf = "compute: {conf: {nova.conf: {DEFAULT: {admin_password: %s}}}}\n"
    team.distribution(conf % "one")
    team.region(conf % "two")
    team.site(f"""\
        values: {{{conf.strip() % "three"}}}
        groups: {{all: {{values: {{{conf.strip() % "four"}}}}}}}
        hosts: {{a: {{groups: [all]}}, b: {{groups: [all], values: {{{conf.strip() % "five"}}}}}}}
        """)
    path = "plain-secret compute.conf.nova.conf.DEFAULT.admin_password"
    places = ["sites/local.yaml:5", "sites/local.yaml:6", "sites/local.yaml:7"]
    places += ["values/distribution.yaml:1", "values/openstack.yaml:1"]
    assert team.lint("plain-secret") == [f"{path} {place}" for place in places]


def test_rules_of_a_policy_are_no_secrets(team: Team) -> None:
    team.region("compute: {conf: {policy: {'identity:create_credential': 'role:admin', secret: 'role:keeper'}}}\n")
    assert team.lint("plain-secret") == []


def option(name: str) -> tuple[str, ...]:
    return ("nova", "conf", "nova.conf", "DEFAULT", name)
