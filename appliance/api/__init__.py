"""Routes under the pages' port: `v1` ours, `compat` the classic ones, `health` for watchers."""
