from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    shell = "/usr/bin/chromium-headless-shell"
    browser = playwright.chromium.launch(executable_path=shell, args=["--no-sandbox"])
    page = browser.new_page()
    page.set_content("<title>from playwright</title>")
    print(page.title())
