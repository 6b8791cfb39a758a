"""Lets the tests talk to the released Python package.

Reads one request a line, {"op": name, ...}, and answers each with one line: {"ok": value} or {"error": message}.
Receipts, tokens and decisions go both ways as JSON texts, so that nothing here changes a number or a character.
"""

import json
import sys

import signet_auth
from signet_auth import _signet


def number(text):
    """Reads what JavaScript writes: a long integer is a double there."""
    value = int(text)
    return value if abs(value) < 2**53 else float(text)


def action_of(call):
    params = json.loads(call["params"], parse_int=number)
    return _signet.Action(call["tool"], params=params, target=call["target"], transport=call["transport"])


def sign(call):
    return signet_auth.sign(call["seed"], action_of(call), call["name"], call["owner"]).to_json()


def sign_with_expiration(call):
    return signet_auth.sign_with_expiration(
        call["seed"], action_of(call), call["name"], call["owner"], call["exp"]
    ).to_json()


def sign_compound(call):
    result = json.loads(call["result"], parse_int=number)
    return signet_auth.sign_compound(
        call["seed"], action_of(call), result, call["name"], call["owner"]
    ).to_json()


def sign_bilateral(call):
    receipt = signet_auth.Receipt.from_json(call["receipt"])
    result = json.loads(call["result"], parse_int=number)
    return signet_auth.sign_bilateral_with_outcome(
        call["seed"], receipt, result, call["name"], outcome=call["outcome"]
    ).to_json()


def sign_delegation(call):
    return signet_auth.sign_delegation(
        call["seed"],
        call["name"],
        call["delegate_key"],
        call["delegate_name"],
        call["scope"],
        call.get("parent_scope"),
    )


def sign_authorized(call):
    action = {
        "tool": call["tool"],
        "params": json.loads(call["params"], parse_int=number),
        "params_hash": "",
        "target": call["target"],
        "transport": call["transport"],
    }
    return signet_auth.sign_authorized(call["seed"], json.dumps(action), call["name"], call["chain"])


def authorize(call):
    return _signet.authorize_with_policy(
        call["seed"],
        call["authority"],
        call["subject"],
        action_of(call),
        call["policy"],
        call["expires_at"],
        call["max_calls"],
        call["credential_ref"],
    )


def sign_with_decision(call):
    return _signet.sign_with_decision(
        call["seed"],
        action_of(call),
        call["name"],
        call["owner"],
        call["principal"],
        call["decision"],
        call.get("chain"),
    ).to_json()


def verify(call):
    return signet_auth.verify(signet_auth.Receipt.from_json(call["receipt"]), call["key"])


def verify_bilateral(call):
    return signet_auth.verify_bilateral(signet_auth.BilateralReceipt.from_json(call["receipt"]), call["key"])


def verify_bilateral_within(call):
    receipt = signet_auth.BilateralReceipt.from_json(call["receipt"])
    return signet_auth.verify_bilateral_with_options(
        receipt, call["key"], max_time_window_secs=call["max_time_window_secs"]
    )


def audit_decrypted(call):
    [record] = signet_auth.audit_query(call["home"], decrypt_params=True)
    return json.dumps(record.receipt)


def audit_encrypted(call):
    receipt = signet_auth.Receipt.from_json(call["receipt"])
    return json.dumps(signet_auth.audit_append_encrypted(call["home"], receipt, call["seed"]).receipt)


def audit_append(call):
    receipt = signet_auth.Receipt.from_json(call["receipt"])
    return signet_auth.audit_append(call["home"], receipt).record_hash


def audit_chain(call):
    status = signet_auth.audit_verify_chain(call["home"])
    return {"records": status.total_records, "intact": status.valid}


def audit_signatures(call):
    result = signet_auth.audit_verify_signatures(
        call["home"], trusted_agent_keys=call.get("agents"), trusted_server_keys=call.get("servers")
    )
    return {
        "total": result.total,
        "valid": result.valid,
        "warnings": [warning.reason for warning in result.warnings],
        "failures": [failure.reason for failure in result.failures],
    }


def audit_query(call):
    names = ("since", "tool", "signer", "limit", "decrypt_params")
    wanted = {name: call[name] for name in names if name in call}
    records = signet_auth.audit_query(call["home"], **wanted)
    return [json.dumps({"receipt": r.receipt, "record_hash": r.record_hash}) for r in records]


def key_create(call):
    """Makes a key in a keystore; without a passphrase it is not encrypted."""
    agent = signet_auth.SigningAgent.create(
        call["name"], owner=call.get("owner"), signet_dir=call["home"], passphrase=call.get("passphrase")
    )
    return agent.public_key


def key_sign(call):
    """Opens a key of a keystore and signs with it, without a record."""
    agent = signet_auth.SigningAgent(
        call["name"], signet_dir=call["home"], passphrase=call.get("passphrase")
    )
    receipt = agent.sign(call["tool"], params={"by": "peer"}, target="mcp://x", audit=call.get("audit", False))
    return json.dumps([agent.public_key, agent.owner, receipt.to_json()])


OPS = {
    "version": lambda call: signet_auth.__version__,
    "sign": sign,
    "sign_with_expiration": sign_with_expiration,
    "sign_compound": sign_compound,
    "sign_bilateral": sign_bilateral,
    "sign_delegation": sign_delegation,
    "sign_authorized": sign_authorized,
    "authorize": authorize,
    "sign_with_decision": sign_with_decision,
    "intent_hash": lambda call: _signet.intent_hash(action_of(call)),
    "verify": verify,
    "verify_any": lambda call: signet_auth.verify_any(call["receipt"], call["key"]),
    "verify_bilateral": verify_bilateral,
    "verify_bilateral_within": verify_bilateral_within,
    "verify_authorized": lambda call: signet_auth.verify_authorized(call["receipt"], call["roots"]),
    "verify_delegation": lambda call: signet_auth.verify_delegation(call["token"]),
    "audit_decrypted": audit_decrypted,
    "audit_encrypted": audit_encrypted,
    "audit_append": audit_append,
    "audit_chain": audit_chain,
    "audit_signatures": audit_signatures,
    "audit_query": audit_query,
    "key_create": key_create,
    "key_sign": key_sign,
    "verify_decision": lambda call: _signet.verify_decision(call["decision"]),
}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": OPS[request["op"]](request)}
    except Exception as error:  # what it says is for the test to judge
        answer = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
