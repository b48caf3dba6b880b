import json
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

lock = threading.Lock()


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as response:  # nothing
        body = response.read()
    with open("fetch/pages.jsonl", "a") as f:  # WRITER append open fetch/pages.jsonl; keys=url,bytes; risk=medium
        f.write(json.dumps({"url": url, "bytes": len(body)}) + "\n")


def fetch_locked(url):
    record = {"url": url}
    with lock:
        with open("fetch/locked.jsonl", "a") as f:  # WRITER append open fetch/locked.jsonl; locks=threading.Lock; risk=low
            f.write(json.dumps(record) + "\n")


def main(urls):
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(pool.map(fetch, urls))
    threads = [threading.Thread(target=fetch_locked, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(sys.argv[1:])
