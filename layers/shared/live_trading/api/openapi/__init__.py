"""The document of the API, made of the routes: OpenAPI 3.1. Nothing imports it while a request is answered.

In: the table of routes with what each declares.
Out: `openapi.json`, which is kept beside the table and served from there.
"""
