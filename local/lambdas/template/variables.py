"""The environment variables that a function's process gets: the template's, and those that the platform sets."""

from __future__ import annotations

import os

from local.lambdas.template.application import FunctionSpec
from local.lambdas.template.intrinsics import REGION
from local.machine.ports import LOOPBACK


def process_variables(
    spec: FunctionSpec, *, runtime_port: int, aws_endpoint_url: str, lambda_endpoint_url: str
) -> dict[str, str]:
    """Nothing of the caller's own environment is passed on but PATH."""
    search = [spec.code, *(place for layer in spec.layers for place in (layer / "python", layer) if place.is_dir())]
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "PYTHONPATH": os.pathsep.join(str(place) for place in search),
        "LAMBDA_TASK_ROOT": str(spec.code),
        "_HANDLER": spec.handler,
        "AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{runtime_port}",
        "AWS_LAMBDA_FUNCTION_NAME": spec.deployed_name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.deployed_name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{spec.runtime}",
        **_log_variables(spec),
        **aws_variables(aws_endpoint_url),
        "AWS_ENDPOINT_URL_LAMBDA": lambda_endpoint_url,
        **spec.environment,
    }


def aws_variables(endpoint_url: str) -> dict[str, str]:
    """What points the AWS SDK at a local endpoint, and keeps it from looking for real credentials."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint_url,
    }


def _log_variables(spec: FunctionSpec) -> dict[str, str]:
    if spec.log_format != "JSON":
        return {}
    return {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": spec.log_level or "INFO"}
