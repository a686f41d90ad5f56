"""The main job, shown step by step on a running sandbox: what is done, what a user would type, what came of it."""
