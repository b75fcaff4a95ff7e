"""ONNX files that answer wrongly on purpose, written field by field (onnx.proto of ONNX 1.x, IR 8): tests need no ONNX package."""

FLOAT, UINT8, INT32, INT64, BOOL = 1, 2, 6, 7, 9  # TensorProto.DataType


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _field(number: int, value: int | str | bytes) -> bytes:
    """A field of protobuf: a number, or a text or message with its length."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _value(name: str, kind: int, *axes: str) -> bytes:
    """A ValueInfoProto."""
    shape = b"".join(_field(1, _field(2, axis)) for axis in axes)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _node(operator: str, inputs: list[str], output: str, **attributes: int) -> bytes:
    """A NodeProto; its attributes are whole numbers."""
    given = b"".join(
        _field(5, _field(1, name) + _field(3, value) + _field(20, 2)) for name, value in attributes.items()
    )
    return b"".join(_field(1, one) for one in inputs) + _field(2, output) + _field(4, operator) + given


def _constant(name: str, kind: int, data: bytes) -> bytes:
    """A scalar's TensorProto."""
    return _field(2, kind) + _field(8, name) + _field(9, data)


def _loop() -> bytes:
    """A NodeProto that goes from x to SAME, a quintillion times round."""
    given = (("i", INT64), ("go", BOOL), ("a", FLOAT))
    body = _field(1, _node("Identity", ["go"], "on")) + _field(1, _node("Neg", ["a"], "b")) + _field(2, "body")
    body += b"".join(_field(11, _value(name, kind)) for name, kind in given)
    body += _field(12, _value("on", BOOL)) + _field(12, _value("b", FLOAT))
    inputs = b"".join(_field(1, one) for one in ("times", "yes", "x"))
    attribute = _field(1, "body") + _field(6, body) + _field(20, 5)
    return inputs + _field(2, "SAME") + _field(4, "Loop") + _field(5, attribute)


def _model(nodes: list[bytes], output: bytes, *constants: bytes) -> bytes:
    """A ModelProto that takes FRAMES, uint8 [n, rows, columns]."""
    graph = b"".join(_field(1, node) for node in nodes) + b"".join(_field(5, one) for one in constants)
    graph += _field(2, "graph") + _field(11, _value("FRAMES", UINT8, "n", "rows", "columns")) + _field(12, output)
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 17))


_AS_FLOAT = _node("Cast", ["FRAMES"], "x", to=FLOAT)
_NOUGHT = _node("Sub", ["x", "x"], "nought")
_SAME = _value("SAME", FLOAT, "n", "rows", "columns")

FILES = {
    "not_a_number": _model([_AS_FLOAT, _NOUGHT, _node("Div", ["nought", "nought"], "SAME")], _SAME),
    "infinite": _model(
        [_AS_FLOAT, _NOUGHT, _node("Exp", ["nought"], "one"), _node("Div", ["one", "nought"], "SAME")], _SAME
    ),
    "wrong_shape": _model([_AS_FLOAT, _node("Flatten", ["x"], "SAME", axis=1)], _value("SAME", FLOAT, "n", "pixels")),
    "wrong_type": _model([_node("Cast", ["FRAMES"], "SAME", to=INT32)], _value("SAME", INT32, "n", "rows", "columns")),
    "missing_output": _model(
        [_node("Cast", ["FRAMES"], "OTHER", to=FLOAT)], _value("OTHER", FLOAT, "n", "rows", "columns")
    ),
}

# Comes to no end.
ENDLESS = _model(
    [_AS_FLOAT, _loop()],
    _SAME,
    _constant("times", INT64, (10**18).to_bytes(8, "little")),
    _constant("yes", BOOL, b"\1"),
)
