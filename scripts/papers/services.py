"""services.py - which services there are, the names of their captures, and what is to be reached."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    name: str               # as scripts/semantics/check calls it
    captures: tuple         # names of files without .pcap or .pcap.gz, the best one first
    port: str = None        # where captures of that name hold several services
    text: bool = False      # one of the text services, which are to reach more

    @property
    def reach(self):
        """Class agreement wanted: (messages, conversations or None)."""
        return (0.99, 0.90) if self.text else (0.95, None)


SERVICES = (
    Service("ftp", ("ftp-control", "ftp", "ftp-vsftpd", "ftp-small"), text=True),
    Service("smtp", ("smtp",), text=True),
    Service("pop3", ("pop3",), text=True),
    Service("imap", ("imap",), text=True),
    Service("http", ("http", "http-nginx", "http-small"), text=True),
    Service("redis", ("redis",), text=True),
    Service("sip", ("sip",), text=True),
    Service("dns", ("dns", "dns-dnsmasq", "dns-small")),
    Service("telnet", ("telnet",)),
    Service("memcached", ("memcached",), port="tcp/11211"),
    Service("nbns", ("nbns",)),
    Service("snmp", ("snmp",), port="udp/161"),
    Service("ldap", ("ldap",)),
    Service("ntp", ("ntp",)),
    Service("tftp", ("tftp",)),
    Service("mqtt", ("mqtt",)),
    Service("mysql", ("mysql",)),
    Service("ssh", ("ssh",)),
    Service("smb", ("smb",), port="tcp/445"),
)
SIMULATED = ("dns", "sip", "ftp")       # what PRISMA was measured with


def capture_of(service, folders):
    """The first capture of a service: by folder, then by name. None: there is none."""
    for folder in folders:
        for name in service.captures:
            for ending in (".pcap", ".pcap.gz"):
                if (folder / (name + ending)).is_file():
                    return folder / (name + ending)
    return None
