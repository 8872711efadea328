"""Fine-tune with TRL's SFTTrainer, its defaults on a CPU but for what makes the task the same. Times `train()` alone.

A job may set `bf16`, which TRL turns on by itself, also where the processor has no instructions for it.
"""

import time

from datasets import Dataset
from job import serve
from peft import LoraConfig
from trl import SFTConfig, SFTTrainer


def fine_tune(job: dict) -> dict:
    """Train as the job says, save the adapter in its folder, and report the seconds."""
    trainer = SFTTrainer(
        model=job["model"],
        args=SFTConfig(
            output_dir=job["folder"],
            learning_rate=job["learning_rate"],
            num_train_epochs=job["epochs"],
            seed=job["seed"],
            bf16=job.get("bf16"),
            use_cpu=True,
            report_to=[],
            save_strategy="no",
        ),
        train_dataset=Dataset.from_list(
            [
                {"prompt": example["messages"], "completion": [{"role": "assistant", "content": example["answer"]}]}
                for example in job["examples"]
            ]
        ),
        peft_config=LoraConfig(
            r=job["rank"], lora_alpha=2 * job["rank"], target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    start = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - start
    trainer.model.save_pretrained(job["folder"])
    chosen = ("bf16", "gradient_checkpointing", "per_device_train_batch_size", "packing", "optim", "lr_scheduler_type")
    return {
        "seconds": seconds,
        "steps": trainer.state.global_step,
        "defaults": {name: str(getattr(trainer.args, name)) for name in chosen},
    }


if __name__ == "__main__":
    serve(fine_tune, ("trl", "torch", "transformers", "peft", "accelerate"))
