"""What the MQTT sink tells its owner, for `ui.sentences`."""

from .text import N_

MQTT = (
    N_("Connected to {where} ({how})"),
    N_("{version}, values told: {count}"),
    N_("The broker at {where} took a message ({version}{tls})"),
    N_(" with TLS"),
    N_("{where} takes connections but answers no MQTT: check the port"),
    N_("The MQTT broker at {where}"),
    N_("The MQTT broker at {where} does not confirm what it is sent"),
    N_("The connection to the MQTT broker at {where} ended ({why}); it is made again"),
    N_("{where} hung up before it answered as an MQTT broker: {advice}"),
    N_("check whether that port wants TLS"),
    N_("check its TLS settings"),
    N_("The MQTT broker at {where} does not speak MQTT 5"),
    N_("The MQTT broker at {where} refuses the connection: {why}"),
    N_(
        "The MQTT broker at {where} refuses {who} ({why}): check username and password, "
        "and whether it lets that user publish there"
    ),
    N_(
        "The MQTT broker at {where} does not let {who} publish to {topic}: "
        "allow it in the broker's access list (ACL)"
    ),
    N_("the user {name}"),
    N_("anyone without a user"),
    N_("us"),
    N_("The ca_file {path} cannot be used ({why}): it must be a certificate in PEM form that may be read"),
    N_(
        "The certificate of the MQTT broker at {where} cannot be trusted ({why}): "
        "set ca_file to the authority that signed it, and host to a name that is in it"
    ),
    N_("No TLS with the MQTT broker at {where} ({why}): check the port"),
    N_("No MQTT broker answers at {where} ({why}): check that it runs, host and port"),
)
