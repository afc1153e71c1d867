"""services.py - all protocols there are rules for, by name and by port."""
from . import (dns, ftp, http, imap, ldap, memcached, mqtt, mysql, nbns, ntp, pop3, redis, sip, smb, smtp, snmp,
               ssh, telnet, tftp)

PROTOCOLS = {protocol.name: protocol for protocol in (
    ftp.Ftp, dns.Dns, sip.Sip, http.Http, smtp.Smtp, pop3.Pop3, imap.Imap, nbns.Nbns, smb.Smb, redis.Redis,
    snmp.Snmp, ldap.Ldap, ntp.Ntp, tftp.Tftp, mqtt.Mqtt, mysql.Mysql, ssh.Ssh, telnet.Telnet, memcached.Memcached)}


def by_port(port):
    """The protocol of "tcp/21", or None."""
    return next((p for p in PROTOCOLS.values() if port in p.ports), None)
