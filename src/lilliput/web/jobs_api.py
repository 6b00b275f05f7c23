"""The addresses of jobs."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import orjson
from fastapi import FastAPI, Request
from starlette.responses import FileResponse, Response, StreamingResponse

from lilliput.web import jobs_forms as forms
from lilliput.web.api import answer
from lilliput.web.jobs import LAST, Job
from lilliput.web.openapi import documented
from lilliput.web.problems import ProblemError, busy
from lilliput.web.shelf import MODEL_ENDING
from lilliput.web.studio import Studio
from lilliput.web.trainable import MOST_SECONDS, TRAINABLE, checked_budget
from lilliput.web.verbs import body_of, parsed

STREAM_SECONDS, STILL_SECONDS = 0.2, 15.0
"""Between two looks for events, and between two signs of life where there are none."""
MOST_STREAMS = 100
MOST_KEPT = 50
SPARE_SECONDS = 300.0
"""That a fit may take beyond twice its time: compiling the kernels, once, takes a minute or two."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
ANSWERS = {"tag": "conllu", "segment": "txt"}
"""Ending of a file of answers, by task; the others give tables."""
KEPT_COLUMNS = ("label", "language", "text-regressor", "fasttext")
"""Tasks whose answers come beside the columns of the file."""


def add_jobs(app: FastAPI, studio: Studio) -> None:
    """Add the routes."""
    _add_jobs(app, studio)
    _add_results(app, studio)


def _add_jobs(app: FastAPI, studio: Studio) -> None:
    streams = [0]

    async def create(request: Request) -> Response:
        asked = parsed(forms.Asked, await body_of(request.scope, request.receive)).root
        job = _fit(studio, asked) if isinstance(asked, forms.Fit) else _predict(studio, asked)
        made = await studio.aside(lambda: studio.jobs.create({**job, "request": asked.model_dump()}))
        return answer(made.told(), 201)

    async def every() -> Response:
        return answer({"jobs": await studio.aside(lambda: [job.told() for job in studio.jobs][::-1])})

    async def one(ident: str) -> Response:
        return answer(studio.jobs.find(ident).told())

    async def cancel(ident: str) -> Response:
        job = studio.jobs.find(ident)
        if job.end() is None:
            job.cancel()
        return answer(job.told())

    async def events(request: Request, ident: str) -> Response:
        job = studio.jobs.find(ident)
        if streams[0] >= MOST_STREAMS:
            raise busy(f"{streams[0]} streams of events are open already; close a page")
        last = request.headers.get("last-event-id", "")
        start = int(last) if re.fullmatch(r"[0-9]{1,15}", last) else 0
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(_stream(studio, job, start, streams), headers=headers, media_type="text/event-stream")

    jobs: dict[str, Any] = {"tags": ["jobs"]}
    app.add_api_route(
        "/v1/jobs",
        create,
        methods=["POST"],
        summary="Train a model from a file, or have a model answer a file. A few jobs run at once, others wait.",
        **jobs,
        **documented(app, asks=forms.Asked, answers=forms.Told, status=201, refusals=(400, 404, 413, 415, 422, 503)),
    )
    app.add_api_route(
        "/v1/jobs", every, summary="The last jobs, the newest first.", **jobs, **documented(app, answers=forms.AllTold)
    )
    known = documented(app, answers=forms.Told, refusals=(404,))
    app.add_api_route("/v1/jobs/{ident}", one, summary="A job, and how far it is.", **jobs, **known)
    app.add_api_route(
        "/v1/jobs/{ident}/cancel",
        cancel,
        methods=["POST"],
        summary="End a job early; a fit keeps the best model so far.",
        **jobs,
        **known,
    )
    app.add_api_route(
        "/v1/jobs/{ident}/events",
        events,
        summary="All that happens, as server-sent events; Last-Event-ID goes on from there.",
        **jobs,
        **documented(app, kind="text/event-stream", refusals=(404, 503)),
    )


def _add_results(app: FastAPI, studio: Studio) -> None:
    async def result(ident: str) -> Response:
        job = studio.jobs.find(ident)
        _check_result(job)
        kind = "text/csv; charset=utf-8" if job.result.suffix == ".csv" else "application/octet-stream"
        return FileResponse(job.result, media_type=kind, filename=job.asked["download"])

    async def keep(request: Request, ident: str) -> Response:
        job = studio.jobs.find(ident)
        name = parsed(forms.Keep, await body_of(request.scope, request.receive)).name.removesuffix(MODEL_ENDING)
        await studio.aside(lambda: _keep(studio, job, name))
        if await studio.aside(studio.shelf.refresh):
            app.openapi_schema = None
        return answer({"name": name, "page": f"/m/{name}"}, 201)

    app.add_api_route(
        "/v1/jobs/{ident}/result",
        result,
        summary="The model that a job has trained, or its answers.",
        tags=["jobs"],
        **documented(app, kind="application/octet-stream", refusals=(404, 409)),
    )
    app.add_api_route(
        "/v1/jobs/{ident}/keep",
        keep,
        methods=["POST"],
        summary="Serve the model that a job has trained, until the studio stops.",
        tags=["jobs"],
        **documented(app, asks=forms.Keep, answers=forms.Kept, status=201, refusals=(400, 404, 409, 415, 422)),
    )


def _fit(studio: Studio, asked: forms.Fit) -> dict[str, Any]:
    """The job of a fit. Raises `LilliputError`."""
    entry = TRAINABLE.get(asked.task)
    if entry is None:
        raise ProblemError(422, f"task: {asked.task!r:.60} cannot be trained here; there are {', '.join(TRAINABLE)}")
    upload = studio.uploads.find(asked.upload)
    budget = checked_budget(asked.budget)
    given = entry.arguments(upload, asked.columns, asked.options)
    given += [f"--budget={asked.budget}", *([f"--seed={asked.seed}"] if entry.seeded else [])]
    seconds = 2 * (budget.time or MOST_SECONDS) + SPARE_SECONDS
    return _job(studio, "fit", asked.task, upload.name, upload.path, given, asked.task, MODEL_ENDING, seconds)


def _predict(studio: Studio, asked: forms.Predict) -> dict[str, Any]:
    """The job of answering a file. Raises `ProblemError`."""
    shelved = studio.found(asked.model)
    if not shelved.served.reads_files:
        raise ProblemError(422, f"model: one of task {shelved.model.task!r} answers no files")
    upload = studio.uploads.find(asked.upload)
    task = shelved.model.task
    given = ["predict", str(shelved.path), upload.path]
    given += [f"--text={asked.text}"] if asked.text else []
    given += ["--keep"] if task in KEPT_COLUMNS else []
    given += ["--skip-bad"] if asked.skip_bad else []
    ending = f".{ANSWERS.get(task, 'csv')}"
    made = _job(studio, "predict", asked.model, upload.name, upload.path, given, "answers", ending, MOST_SECONDS)
    return {**made, "names": {**made["names"], str(shelved.path): asked.model}}


def _job(
    studio: Studio,
    kind: str,
    what: str,
    name: str,
    path: str,
    given: list[str],
    makes: str,
    ending: str,
    seconds: float,
) -> dict[str, Any]:
    threads = studio.settings.threads
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", name.partition(".")[0]).strip("_") or "file"
    return {
        "kind": kind,
        "what": what,
        "data": name,
        "arguments": given + ([f"--threads={threads}"] if kind == "fit" and threads is not None else []),
        "names": {path: name},
        "result": f"result{ending}",
        "download": f"{stem[:60]}-{makes}{ending}",
        "seconds": seconds,
    }


def _check_result(job: Job) -> None:
    end = job.end()
    if end is None:
        raise ProblemError(409, "this job is not done yet; its events say how far it is")
    if end["type"] == "failed" or not job.result.exists():
        raise ProblemError(409, f"this job has {end['type']} and made nothing")


def _keep(studio: Studio, job: Job, name: str) -> None:
    """Copy a model to where the shelf finds it. Raises `ProblemError` for a name that is taken or is none."""
    if job.asked["kind"] != "fit":
        raise ProblemError(409, "this job has made answers and no model; download them")
    _check_result(job)
    if not NAME.fullmatch(name):
        raise ProblemError(
            422, "name: at most 64 letters, digits, dots, dashes and underscores, a letter or digit first"
        )
    kept = studio.shelf.kept
    taken = ProblemError(409, f"there is a model {name!r} already; choose another name")
    if studio.shelf.models.get(name) is not None:
        raise taken
    if len(list(kept.glob(f"*{MODEL_ENDING}"))) >= MOST_KEPT:
        raise ProblemError(409, f"{MOST_KEPT} models are kept already; download this one")
    temporary = kept / f".{secrets.token_hex(8)}"
    try:
        shutil.copyfile(job.result, temporary)
        os.link(temporary, kept / f"{name}{MODEL_ENDING}")  # fails if it is there, unlike a rename
    except FileExistsError:
        raise taken from None
    finally:
        temporary.unlink(missing_ok=True)


async def _stream(studio: Studio, job: Job, start: int, streams: list[int]) -> AsyncIterator[bytes]:
    """Events from a place on, until the last one or the studio's end."""
    streams[0] += 1
    place, idle = start, 0.0
    try:
        yield b"retry: 1000\n\n"
        while not studio.stopping:
            ended = job.end() is not None  # before its events are read, so that none is missed
            with suppress(FileNotFoundError):
                events, after = job.events(place)
                for at, event in events:
                    yield b"id: %d\ndata: %s\n\n" % (at, orjson.dumps(event))
                if (ended and not events) or any(event["type"] in LAST for _, event in events):
                    yield b"event: end\ndata: {}\n\n"
                    return
                idle = 0.0 if events else idle + STREAM_SECONDS
                place = after
            if not job.folder.exists():
                return
            if idle >= STILL_SECONDS:
                idle = 0.0
                yield b": still here\n\n"
            await asyncio.sleep(STREAM_SECONDS)
    finally:
        streams[0] -= 1
