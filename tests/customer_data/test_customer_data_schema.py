from tests.declared_answers import swagger


def test_swagger_can_upload_and_knows_json_too() -> None:
    paths = swagger()["paths"]
    entry = paths["/message/customer-data/{id}/"]
    for operation in (paths["/message/customer-data/"]["post"], entry["put"], entry["patch"]):
        assert operation["consumes"] == ["multipart/form-data", "application/json"]
        assert operation["x-json-body"]["$ref"].startswith("#/definitions/CustomerData")
        fields = {parameter["name"]: parameter["type"] for parameter in operation["parameters"]}
        assert fields["file"] == "file"
    assert "/message/customer/{customer_id}/data/" in paths
